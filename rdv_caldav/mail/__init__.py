"""Mails and text messages: their texts, and what is filled into them."""
