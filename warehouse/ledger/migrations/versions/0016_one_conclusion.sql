-- An opportunity whose analysis had to wait is gone through again from its triage, out of the kept answer. That is one conclusion.
alter table assessments add column question text not null default ''; -- hash of what was asked, whoever was asked; '' before this column
create unique index one_conclusion_of_a_question on assessments (opportunity_id, stage, basis, question) where question <> '';
