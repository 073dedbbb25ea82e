"""Taking the stored figures away: tables, in the format that is asked for, as a data package."""
