from warehouse.domain.opportunity import NEXT, OpportunityStatus, may_follow


def test_every_status_has_a_row_in_the_transition_table() -> None:
    assert set(NEXT) == set(OpportunityStatus)


def test_no_person_can_set_or_undo_submitted() -> None:
    assert not any(may_follow(status, OpportunityStatus.SUBMITTED) for status in OpportunityStatus)
    assert not NEXT[OpportunityStatus.SUBMITTED]


def test_a_decision_passes_through_reviewing() -> None:
    assert not may_follow(OpportunityStatus.NEW, OpportunityStatus.QUALIFIED)
    assert may_follow(OpportunityStatus.REVIEWING, OpportunityStatus.QUALIFIED)
    assert may_follow(OpportunityStatus.DISQUALIFIED, OpportunityStatus.REVIEWING)
