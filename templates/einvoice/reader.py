"""Reads XML by the tables of `templates.einvoice.syntax`, and says what no table has a place for."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from templates.einvoice.syntax import Absent, Fixed, Group, Leaf, Node, Row, leaf


class Reader:
    """Reads fields from the elements of one document; `wrong` collects what cannot be read."""

    def __init__(self, spaces: Mapping[str, str], currencies: Mapping[str, str]) -> None:
        self._spaces = dict(spaces)
        self._currencies = currencies
        self.stated: list[tuple[str, Decimal]] = []
        """(field with its path in the model, amount) of what the model computes."""
        self._taken: set[Node] = set()
        self._taken_attributes: set[tuple[Node, str]] = set()

    def read(self, node: Node, rows: Sequence[Row], where: str = "") -> dict[str, Any]:
        """Return the fields that the rows find.

        Raises:
            ValueError: a value cannot be read; begins with the path of the field.
        """
        found: dict[str, Any] = {}
        for row in rows:
            if isinstance(row, Leaf):
                self._leaf(node, row, where, found)
            elif isinstance(row, Group):
                self._group(node, row, where, found)
            elif isinstance(row, Fixed):
                self._fixed(node, row)
        return found

    def left_out(self, root: Node, free: Collection[str]) -> Iterator[tuple[str, str]]:
        """Yield (path, text) of each element that was not read, and of its attributes that change what a text means.

        Args:
            root: what was read.
            free: elements that say nothing of the invoice; those inside of them do not, either.
        """
        names = {space: prefix for prefix, space in self._spaces.items()}
        waiting = [(one, "") for one in reversed(root)]
        while waiting:
            node, before = waiting.pop()
            space, _, name = str(node.tag).rpartition("}")
            step = f"{names.get(space[1:], '?')}:{name}"
            path = f"{before}/{step}" if before else step
            if step in free or path.endswith(tuple(one for one in free if "/" in one)):
                continue
            waiting += [(one, path) for one in reversed(node)]
            text = (node.text or "").strip()
            foreign = step.startswith("?") and not len(node)
            if foreign or (text and node not in self._taken):
                yield path, text
            elif text and node.get("schemeID") and (node, "schemeID") not in self._taken_attributes:
                yield f"{path}/@schemeID", node.get("schemeID")

    def _fixed(self, node: Node, row: Fixed) -> None:
        one, attribute, text = self._text(node, leaf(row.path, ""))
        if text == row.value or (row.value, text) == ("false", "0"):
            self._take(one, attribute)

    def _take(self, node: Node, attribute: str) -> None:
        if attribute:
            self._taken_attributes.add((node, attribute))
        else:
            self._taken.add(node)

    def _leaf(self, node: Node, row: Leaf, where: str, found: dict[str, Any]) -> None:
        one, attribute, text = self._text(node, row)
        if not text:
            return
        try:
            value = row.kind.read(text)
        except ValueError as error:
            msg = f"{where}{row.field}: {error} ({row.path or '.'})"
            raise ValueError(msg) from error
        if row.stated:
            self.stated.append((f"{where}{row.field}", value))
        elif found.setdefault(row.field, value) != value:
            return
        self._take(one, attribute)

    def _text(self, node: Node, row: Leaf) -> tuple[Node, str, str]:
        """Return (element, name of its attribute or '', text) of a leaf; the text is '' where there is none."""
        path, _, attribute = row.path.partition("@")
        path = path.rstrip("/")
        for one in node.iterfind(path, self._spaces) if path else (node,):
            if row.kind.money and one.get("currencyID", "") not in {"", self._currencies.get(row.currency)}:
                continue
            return one, attribute, (one.get(attribute, "") if attribute else one.text or "").strip()
        return node, attribute, ""

    def _group(self, node: Node, row: Group, where: str, found: dict[str, Any]) -> None:
        elements = [one for one in node.iterfind(row.path, self._spaces) if self._known(one, row)]
        if row.many:
            items = [
                self.read(one, row.rows, f"{where}{row.field}.{place}.") for place, one in enumerate(elements)
            ]
            if items:
                found[row.field] = (*found.get(row.field, ()), *(item.get(".", item) for item in items))
        elif elements and row.field:
            found.setdefault(row.field, self.read(elements[0], row.rows, f"{where}{row.field}."))
        elif elements:
            for name, value in self.read(elements[0], row.rows, where).items():
                found[name] = (*found[name], *value) if isinstance(value, tuple) and name in found else value

    def _known(self, node: Node, row: Group) -> bool:
        if (row.by and node.find(row.by, self._spaces) is None) or (
            row.lacking and node.find(row.lacking, self._spaces) is not None
        ):
            return False
        if row.unlike and (node.findtext(row.unlike[0], "", self._spaces) or "").strip() == row.unlike[1]:
            return False
        for one in row.rows:
            if isinstance(one, Absent) and node.find(one.path, self._spaces) is not None:
                return False
            if isinstance(one, Fixed) and one.told and self._text(node, leaf(one.path, ""))[2] != one.value:
                return False
        return True
