"""Which checks of schemathesis mean nothing for a case."""

import schemathesis
from schemathesis import GenerationMode
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import negative_data_rejection


def meaningless(case: schemathesis.Case) -> list:
    """In a query and in a form everything is text: what is no string by its type becomes one on its way, and need not
    be refused."""
    parts = case.meta.components if case.meta else {}
    wrong = {where for where, part in parts.items() if part.mode is GenerationMode.NEGATIVE}
    form = case.media_type == "multipart/form-data"
    text = ParameterLocation.QUERY in wrong or (form and ParameterLocation.BODY in wrong)
    return [negative_data_rejection] if text else []
