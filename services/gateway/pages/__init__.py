"""Pages for people: rendered on the server, in Russian and English, without scripts that they need.

``rendering`` is how any page is made; each other module is a page with its addresses.
"""
