"""What accounts keep for themselves: nobody else reads it, administrators included.

No journal is kept of it, and the module Rendez-vous being switched off does not touch it.
"""
