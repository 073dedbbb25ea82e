"""The statute, pure: the form, a report read off it, and the edits it must satisfy."""
