"""Taking from others: what a place elsewhere offers, read portion by portion and checked, before an action keeps any of it.

``looking.portions`` goes through a place in the form it has (``oai``, ``lists``, ``sitemaps``); ``fetching`` asks for pages,
``describing`` makes of a record what a resource says. Nothing here writes.
"""
