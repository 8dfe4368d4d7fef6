"""Mails about rendez-vous: who is written what, what it says, how it leaves, what is answered."""
