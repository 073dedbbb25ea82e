"""Who may do what: roles, and who speaks."""
