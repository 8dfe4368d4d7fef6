"""Which part of an object a program wants, and in which form (RFC 4791 §9.6)."""

from __future__ import annotations

from dataclasses import dataclass

from rdv_caldav.ical.contentlines import Component, ContentLine, parse_components
from rdv_caldav.ical.expansion import expanded
from rdv_caldav.ical.filters import TimeRange
from rdv_caldav.ical.instances import TIMED
from rdv_caldav.ical.moments import Clock, instant_of
from rdv_caldav.ical.series import Series


@dataclass(frozen=True, slots=True, kw_only=True)
class PropShape:
    """A property that is wanted, without its value where ``no_value`` (RFC 4791 §9.6.4)."""

    name: str
    no_value: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentShape:
    """What is wanted of the components of a name (RFC 4791 §9.6.1).

    One of which nothing in particular is wanted is wanted whole.
    """

    name: str
    all_props: bool = False
    props: tuple[PropShape, ...] = ()
    all_components: bool = False
    components: tuple[ComponentShape, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether nothing is said of what is wanted."""
        return not (self.all_props or self.props or self.all_components or self.components)


@dataclass(frozen=True, slots=True, kw_only=True)
class DataShape:
    """The form of an object: its dates one by one, or what concerns a range, or a part of it.

    The ranges have both a start and an end.
    """

    expand: TimeRange | None = None
    limit_recurrence: TimeRange | None = None
    limit_freebusy: TimeRange | None = None
    shape: ComponentShape | None = None


def shaped(text: str, shape: DataShape, *, floating_zone: str) -> str:
    """Return an object in the form that is wanted; what is wanted whole stays to the letter.

    Floating times and dates are those of ``floating_zone``, an IANA name. Raises
    TooManyInstances for an expansion with too many dates.
    """
    tree = parse_components(text)
    clock = Clock(tree, floating_zone)
    return "".join(
        _shaped(item, shape, clock).text() if isinstance(item, Component) else item.raw
        for item in tree.items
    )


def _shaped(calendar: Component, shape: DataShape, clock: Clock) -> Component:
    if shape.expand is not None:
        calendar = expanded(calendar, shape.expand, clock)
    if shape.limit_recurrence is not None:
        calendar = _with_some_overrides(calendar, shape.limit_recurrence, clock)
    if shape.limit_freebusy is not None:
        calendar = _with_some_periods(calendar, shape.limit_freebusy, clock)
    if shape.shape is not None and shape.shape.name.upper() == calendar.name:
        calendar = _part_of(calendar, shape.shape)
    return calendar


# -- limits -------------------------------------------------------------------------------


def _with_some_overrides(calendar: Component, span: TimeRange, clock: Clock) -> Component:
    """Leave out the overrides that neither lie in a range nor stand for a date in it (§9.6.6).

    Without a master they all stay: an object is never empty.
    """
    left_out: set[int] = set()
    for kind in TIMED:
        left_out |= Series(calendar.components(kind), clock).beside(span)
    items = [item for item in calendar.items if id(item) not in left_out]
    return Component(calendar.name, calendar.begin, items, calendar.end)


def _with_some_periods(calendar: Component, span: TimeRange, clock: Clock) -> Component:
    """Leave out the periods of VFREEBUSYs that lie beside a range (§9.6.7)."""
    items: list[ContentLine | Component] = []
    for item in calendar.items:
        if isinstance(item, Component) and item.name == "VFREEBUSY":
            lines = (_line_with_some_periods(line, span, clock) for line in item.items)
            items.append(
                Component(item.name, item.begin, [each for each in lines if each], item.end)
            )
        else:
            items.append(item)
    return Component(calendar.name, calendar.begin, items, calendar.end)


def _line_with_some_periods(
    line: ContentLine | Component, span: TimeRange, clock: Clock
) -> ContentLine | Component | None:
    """Return a line of a VFREEBUSY with the periods that overlap a range, if there are any."""
    if isinstance(line, Component) or line.name != "FREEBUSY":
        return line
    written = line.value.split(",")
    kept = [each for each in written if _overlaps(line.with_params({}, each), span, clock)]
    if len(kept) == len(written):
        return line
    return line.with_params({}, ",".join(kept)) if kept else None


def _overlaps(line: ContentLine, span: TimeRange, clock: Clock) -> bool:
    """Tell whether the one period of a line overlaps a range; one that is none, stays."""
    return all(
        (span.end is None or first.instant < span.end)
        and (span.start is None or instant_of(last, first.zone) > span.start)
        for first, last in clock.periods(line)
    )


# -- parts --------------------------------------------------------------------------------


def _part_of(component: Component, shape: ComponentShape) -> Component:
    """Return a component with the properties and components that are wanted of it."""
    if shape.is_whole:
        return component
    props = {each.name.upper(): each for each in shape.props}
    components = {each.name.upper(): each for each in shape.components}
    items: list[ContentLine | Component] = []
    for item in component.items:
        if isinstance(item, Component):
            inner = components.get(item.name)
            if inner is not None:
                items.append(_part_of(item, inner))
            elif shape.all_components:
                items.append(item)
        elif shape.all_props:
            items.append(item)
        elif item.name in props:
            items.append(item.with_params({}, "") if props[item.name].no_value else item)
    return Component(component.name, component.begin, items, component.end)
