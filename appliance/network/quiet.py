"""What aiohttp has to say about requests, without those that are no HTTP at all.

It logs a trace for each: whoever likes could fill the journal with them.
"""
import logging

MODULE = "aiohttp.http_exceptions"


def log():
    """The logger for a server of aiohttp."""
    logger = logging.getLogger("kagami.network.http")
    if _worth not in logger.filters:
        logger.addFilter(_worth)
    return logger


def _worth(record):
    return not (record.exc_info and type(record.exc_info[1]).__module__ == MODULE)
