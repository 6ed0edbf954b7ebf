"""Mails that people forward into the book: read (``understanding``, ``wording``), placed (``filing``), fetched (``fetching``)."""
