"""Networks and the model file. torch is imported here and in train/ only, and never by the runtime."""
