"""The service: the reader over HTTP, and projects of pages that people correct. Extra `serve`."""
