"""Error localisation: which smallest change of figures would make the balance edits hold.

Source: Fellegi & Holt 1976; Scholtus 2016, for operations on whole rows; de Waal, Pannekoek &
Scholtus 2011, ch. 2 to 5. The edits of table 三 are so sparse that no solver is needed: no two
cells share two edits, so every wrong cell of up to three is alone in one of its edits.
"""
