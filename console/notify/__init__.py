"""Telling people of new dead letters: by webhook, and by Apprise to chats and mail.

::

    dead_letters → outbox (what is to be told, once for each channel) → notifier → channels

It runs beside the work and never in its way: what it reads is committed, and what it cannot tell
now is told later. Each message is sent until it is taken, so that it may come twice, with one id.
"""
