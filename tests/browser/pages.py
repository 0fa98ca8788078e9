"""The pages that are looked at: every feature adds its own.

A page is a path and who looks at it: `visitor`, or an account of `town.ACCOUNTS`. Words in braces are
keys that the town knows: `{course}`, `{enrolment}`, ...
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shown:
    """A page as one role sees it; `status` is what it answers."""

    path: str
    role: str = "visitor"
    status: int = 200

    def __str__(self) -> str:
        return f"{self.role}:{self.path}"


def by(role: str, *paths: str) -> list[Shown]:
    """Pages as a role sees them."""
    return [Shown(path, role) for path in paths]


PAGES = [
    Shown("/no/such/page", status=404),
    *by("visitor", "/", "/components"),
    *by("visitor", "/people/sign-in", "/people/sign-up", "/people/consent", "/account/face/consent"),
    *by("visitor", "/catalogue/", "/catalogue/?q=通风", "/catalogue/?q=没有这样的课"),
    *by("visitor", "/catalogue/courses/{course}", "/catalogue/courses/{priced}"),
    *by("visitor", "/catalogue/compare?course={course}&course={priced}", "/catalogue/compare"),
    *by("worker", "/catalogue/", "/catalogue/mine"),
    *by("visitor", "/catalogue/courses/{course}/preview/{preview}"),
    *by("visitor", "/catalogue/institutions/{institution}", "/catalogue/instructors/{instructor}"),
    *by("visitor", "/policies/", "/policies/{policy}", "/log/"),
    *by("worker", "/", "/enrolment/", "/catalogue/courses/{course}", "/catalogue/courses/{priced}"),
    *by("worker", "/watch/{enrolment}/{lesson}", "/watch/{enrolment}/{second_lesson}"),
    *by("worker", "/ledger/", "/ledger/accesses", "/orders/"),
    *by("worker", "/orders/cart/?coupon=ANQUAN10"),
    *by("beginner", "/orders/cart/"),
    *by("institution", "/orders/studio/"),
    *by("operator", "/orders/desk/"),
    *by("wujin", "/orders/refunds/"),
    *by("worker", "/ratings/enrolments/{rated}", "/ratings/enrolments/{enrolment}"),
    *by("worker", "/people/account", "/people/place", "/people/password", "/account/face/"),
    *by("worker", "/certificates/"),
    *by("visitor", "/verify/", "/files/keys"),
    *by("worker", "/files/", "/deletion/"),
    *by("wujin", "/oversight/certificates/", "/oversight/certificates/{reversal}"),
    *by("wujin", "/oversight/learners/{subject}/certificates/"),
    *by("wujin", "/oversight/learners/{subject}/certificates/{certificate}/revoke"),
    *by("beginner", "/certificates/", "/enrolment/", "/ledger/", "/orders/"),
    *by("institution", "/catalogue/studio/", "/catalogue/studio/new", "/catalogue/studio/{course}"),
    *by("institution", "/catalogue/studio/{draft}", "/catalogue/studio/{draft}/facts"),
    *by("institution", "/catalogue/studio/{draft}/lessons/{draft_lesson}"),
    *by("institution", "/catalogue/studio/{course}/withdraw", "/catalogue/studio/{waiting}"),
    *by("institution", "/catalogue/studio/instructors", "/catalogue/studio/instructors/{instructor}"),
    *by("institution", "/media/", "/ratings/studio/", "/people/register"),
    *by("institution", "/classes/", "/classes/new", "/classes/{class_open}", "/classes/{class_closed}"),
    *by("worker", "/claims/", "/claims/new", "/claims/{claim}", "/appeals/", "/appeals/{appeal}", "/appeals/{refused}"),
    *by("worker", "/appeals/new/{appealed}", "/ledger/notices"),
    *by("beginner", "/claims/", "/appeals/", "/ledger/notices"),
    *by("wujin", "/claims/review/", "/claims/review/{claim}", "/appeals/review/", "/appeals/review/{appeal}"),
    *by("wujin", "/appeals/calendar/", "/corrections/", "/corrections/entries/{entry}", "/corrections/appeals/{appeal}"),
    *by("city", "/corrections/{correction}"),
    *by("wujin", "/classes/review/", "/classes/review/{class_closed}"),
    *by("enterprise", "/people/staff", "/people/staff/roster", "/people/staff/invitation"),
    *by("visitor", "/calls/"),
    *by("wujin", "/calls/{call}", "/calls/desk/{call}/decision", "/calls/desk/new"),
    *by("institution", "/figures/", "/figures/courses/{course}"),
    *by("enterprise", "/orders/seats/", "/orders/seats/new?course={priced}&quantity=20"),
    *by("enterprise", "/seats/", "/seats/assign", "/seats/assign?course={course}"),
    *by("wujin", "/oversight/", "/oversight/learners/{subject}"),
    *by("wujin", "/oversight/learners/{subject}/playbacks/{playback}"),
    *by("wujin", "/oversight/learners/{subject}/photos/"),
    *by("wujin", "/ledger/learners/{subject}/requirements/new", "/ratings/oversight/"),
    *by("wujin", "/signals/oversight/", "/signals/oversight/?status=dismissed", "/signals/oversight/{signal}"),
    *by("city", "/signals/oversight/{signal}"),
    *by("institution", "/signals/studio/", "/signals/studio/?kind=night", "/signals/studio/{signal}"),
    *by("wujin", "/catalogue/reviews/", "/catalogue/reviews/{waiting}"),
    *by("worker", "/requirements/"),
    *by("beginner", "/requirements/"),
    *by("enterprise", "/requirements/staff/", "/requirements/staff/?trainee=principal", "/requirements/staff/{appointed}"),
    *by("enterprise", "/requirements/staff/industry/{works}"),
    *by("wujin", "/requirements/enterprises/", "/requirements/enterprises/{works}"),
    *by("visitor", "/requirements/rules/"),
    *by("city", "/requirements/rules/", "/requirements/rules/{rule}"),
    *by("city", "/policies/", "/policies/city/new", "/policies/city/", "/policies/city/{rule_draft}", "/oversight/learners/{subject}"),
    *by("operator", "/console/", "/media/queue/"),
]
