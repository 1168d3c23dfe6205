"""Long work beside the server: a worker process reads pages, learns, checks corrections and writes exports.

A job is a row in the `ledger`, which alone says what is to be done; huey only wakes the worker. Nothing is lost when
either is killed: what was running goes on from its last page or round.
"""
