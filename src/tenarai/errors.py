"""The few errors a user can meet. Each message is one sentence: what was given, what was expected, what to do."""


class TenaraiError(Exception):
    """Anything that tenarai tells a user about: catch this one to catch them all."""


class PictureError(TenaraiError):
    """A picture that cannot be read: missing, truncated, of another type, or over the limits."""


class ModelFileError(TenaraiError):
    """A model file that is damaged, of another kind, or of a version that this tenarai does not know."""


class AlphabetError(TenaraiError):
    """Text with a character that the alphabet lacks, or an alphabet that contradicts itself."""


class DataError(TenaraiError):
    """Training or evaluation data that is missing, empty, or does not fit its description."""


class SettingsError(TenaraiError):
    """A recipe or option with an unknown key or a value out of range."""
