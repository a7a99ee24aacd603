"""Work that takes long, found again whatever happens to whoever asked, or to the gateway.

``rows`` is the table and who works on what; ``tables`` says which reports there are and makes one
export; ``writing`` writes its file, in a process of its own; ``files`` keeps what came of it;
``worker`` is the gateway's own hand, and knows whose work is going on.
"""
