"""The browser files of others that are committed here: which, from where, and their checksums."""
