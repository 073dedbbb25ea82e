from models.disclosure.report import Cell, Place, Printed
from models.tuples import maker


def test_what_is_made_of_all_fields_is_as_by_its_class() -> None:
    place = maker(Place)((3, 7, None, None, None, None))
    cell = maker(Cell)((0, "0", Printed.NUMBER, place, "", False, None, None))
    assert cell == Cell(0, "0", Printed.NUMBER, Place(3, 7))
    assert (type(cell), type(cell.place)) == (Cell, Place)
