"""Where files lie: a local directory or S3, with the same verbs and the same tests.

Keys are the database's business; a store knows bytes alone. Trouble of the store itself is
`errors.Unavailable`, a file that is not there is `Missing`.
"""

from media.storage.base import Address, Found, Missing, Opened, Store, address_of, safe
from media.storage.directory import DirectoryStore
from media.storage.s3 import S3Store

__all__ = [
    "Address",
    "DirectoryStore",
    "Found",
    "Missing",
    "Opened",
    "S3Store",
    "Store",
    "address_of",
    "safe",
]
