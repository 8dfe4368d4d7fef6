"""What client programs write to persons' calendars: one module per verb."""
