"""Characters: alphabet, normalisation, CTC decoding, error rates. numpy and small libraries only, no torch."""
