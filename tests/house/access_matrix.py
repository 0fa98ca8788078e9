"""Who gets in where, as data: every route of the site for every role and for its wrong twin.

Columns (the people are in `tests/world.py`; a small letter is the wrong twin of the capital one):

    V visitor           L learner of 武进区     M its enterprise's manager   S staff of its institution
    N not registered    l learner of 新北区     m another enterprise's       s another institution's
    I instructor there  W regulator of 武进区   C regulator of the city
    i instructor of another institution         X regulator of 新北区        O operator

Cells:  +  let in            ~  let in, then refused by what was sent or by the state of things
        -  asked to sign in  x  the role does not allow it   0  there is no such thing for them
"""

from typing import Any

COLUMNS = "V N L l M m S s I i W X C O"

ROUTES = """
                                         V N L l M m S s I i W X C O
GET    home.index                        + + + + + + + + + + + + + +
GET    home.alive                        + + + + + + + + + + + + + +
GET    home.ready                        + + + + + + + + + + + + + +
GET    home.components                   + + + + + + + + + + + + + +
GET    home.favicon                      + + + + + + + + + + + + + +
GET    home.manifest                     + + + + + + + + + + + + + +
GET    home.robots                       + + + + + + + + + + + + + +
GET    home.set_locale                   + + + + + + + + + + + + + +
GET    home.set_theme                    + + + + + + + + + + + + + +
GET    openapi.spec                      + + + + + + + + + + + + + +
GET    static                            + + + + + + + + + + + + + +

GET    people.sign_in                    + + + + + + + + + + + + + +
POST   people.sign_in_now                ~ ~ ~ ~ ~ ~ ~ ~ ~ ~ ~ ~ ~ ~
GET    people.sign_up                    + + + + + + + + + + + + + +
POST   people.sign_up_now                ~ ~ ~ ~ ~ ~ ~ ~ ~ ~ ~ ~ ~ ~
POST   people.sign_out                   + + + + + + + + + + + + + +
GET    people.consent_text               + + + + + + + + + + + + + +
POST   people_api.create_token           - - - - - - - - - - - - - -
GET    people.account                    - + + + + + + + + + + + + +
GET    people.register                   - + + + + + + + + + + + + +
POST   people.register_step              - + + + + + + + + + + + + +
GET    people.place                      - + + + + + + + + + + + + +
POST   people.place_now                  - + + + + + + + + + + + + +
GET    people.password                   - + + + + + + + + + + + + +
POST   people.password_now               - ~ ~ ~ ~ ~ ~ ~ ~ ~ ~ ~ ~ ~
POST   people.language                   - + + + + + + + + + + + + +
POST   people.end_sign_in                - 0 + 0 0 0 0 0 0 0 0 0 0 0
POST   people.end_other_sign_ins         - + + + + + + + + + + + + +
GET    people.staff_list                 - x x x + + x x x x x x x x
POST   people.staff_end                  - x x x + 0 x x x x x x x x
GET    people.staff_roster               - x x x + + x x x x x x x x
POST   people.staff_roster_now           - x x x ~ ~ x x x x x x x x
GET    people.staff_roster_template      - x x x + + x x x x x x x x
POST   people.staff_roster_remove        - x x x + 0 x x x x x x x x
GET    people.staff_import               - x x x + 0 x x x x x x x x
GET    people.staff_import_bad           - x x x + 0 x x x x x x x x
GET    people.staff_invitation           - x x x + + x x x x x x x x
POST   people.staff_invitation_now       - x x x 0 0 x x x x x x x x
GET    people.join                       - + + + + + + + + + + + + +
POST   people.join_now                   - + + + + + + + + + + + + +
GET    orders_enterprise.index           - x x x + + x x x x x x x x
GET    orders_enterprise.new             - x x x 0 0 x x x x x x x x
POST   orders_enterprise.create          - x x x 0 0 x x x x x x x x
GET    orders_enterprise.show            - x x x + 0 x x x x x x x x
POST   orders_enterprise.checkout        - x x x + 0 x x x x x x x x
POST   orders_enterprise.cancel          - x x x + 0 x x x x x x x x
GET    calls.index                       + + + + + + + + + + + + + +
GET    calls.show                        + + + + + + + + + + + + + +
POST   calls.answer                      - x x x x x ~ ~ x x x x x x
POST   calls.take_back                   - x x x x x ~ 0 x x x x x x
GET    calls_oversight.new               - x x x x x x x x x + + + x
POST   calls_oversight.create            - x x x x x x x x x ~ ~ ~ x
POST   calls_oversight.score             - x x x x x x x x x + 0 0 x
GET    calls_oversight.decision          - x x x x x x x x x + 0 0 x
POST   calls_oversight.decide            - x x x x x x x x x ~ 0 0 x
GET    figures.index                     - x x x x x + + x x x x x x
GET    figures.course                    - x x x x x + 0 x x x x x x
GET    seats.index                       - x x x + + x x x x x x x x
GET    seats.sheet                       - x x x + + x x x x x x x x
GET    seats.assign_form                 - x x x + + x x x x x x x x
POST   seats.assign                      - x x x ~ ~ x x x x x x x x
POST   seats.withdraw                    - x x x + 0 x x x x x x x x
POST   people.listed_now                 - 0 0 0 0 0 0 0 0 0 0 0 0 0

GET    catalogue.index                   + + + + + + + + + + + + + +
GET    catalogue.course                  + + + + + + + + + + + + + +
GET    catalogue.course_preview          + + + + + + + + + + + + + +
GET    catalogue.institution             + + + + + + + + + + + + + +
GET    catalogue.instructor              + + + + + + + + + + + + + +
GET    catalogue.compare                 + + + + + + + + + + + + + +
GET    catalogue.mine                    - + + + + + + + + + + + + +
POST   catalogue.keep                    - + + + + + + + + + + + + +
GET    catalogue_api.suggestions         + + + + + + + + + + + + + +
GET    catalogue_api.courses             + + + + + + + + + + + + + +
GET    catalogue_api.course              + + + + + + + + + + + + + +
GET    catalogue.studio                  - x x x x x + + x x x x x x
GET    catalogue.studio_new              - x x x x x + + x x x x x x
POST   catalogue.studio_new              - x x x x x + + x x x x x x
GET    catalogue.studio_course           - x x x x x + 0 x x x x x x
GET    catalogue.studio_facts            - x x x x x + 0 x x x x x x
POST   catalogue.studio_facts            - x x x x x + 0 x x x x x x
POST   catalogue.studio_begin_edition    - x x x x x + 0 x x x x x x
POST   catalogue.studio_lesson_add       - x x x x x + 0 x x x x x x
GET    catalogue.studio_lesson           - x x x x x + 0 x x x x x x
POST   catalogue.studio_lesson           - x x x x x + 0 x x x x x x
POST   catalogue.studio_lesson_move      - x x x x x + 0 x x x x x x
POST   catalogue.studio_lesson_remove    - x x x x x + 0 x x x x x x
POST   catalogue.studio_question_add     - x x x x x + 0 x x x x x x
POST   catalogue.studio_question_remove  - x x x x x + 0 x x x x x x
POST   catalogue.studio_handout_add      - x x x x x + 0 x x x x x x
POST   catalogue.studio_handout_remove   - x x x x x + 0 x x x x x x
POST   catalogue.studio_submit           - x x x x x + 0 x x x x x x
POST   catalogue.studio_take_back        - x x x x x + 0 x x x x x x
GET    catalogue.studio_withdraw         - x x x x x + 0 x x x x x x
POST   catalogue.studio_withdraw         - x x x x x + 0 x x x x x x
GET    catalogue.studio_instructors      - x x x x x + + x x x x x x
GET    catalogue.studio_instructor       - x x x x x + 0 x x x x x x
POST   catalogue.studio_instructor       - x x x x x + 0 x x x x x x
GET    catalogue.review                  - x x x x x x x x x + + + x
GET    catalogue.review_course           - x x x x x x x x x + 0 + x
POST   catalogue.review_course           - x x x x x x x x x + 0 + x
GET    catalogue.review_withdraw         - x x x x x x x x x + 0 + x
POST   catalogue.review_withdraw         - x x x x x x x x x + 0 + x

GET    media.index                       - x x x x x + + x x x x x x
GET    media.list_uploads                - x x x x x + + x x x x x x
POST   media.begin_upload                - x x x x x + + x x x x x x
GET    media.show_upload                 - x x x x x + 0 x x x x x x
PUT    media.put_part                    - x x x x x + 0 x x x x x x
POST   media.address_part                - x x x x x + 0 x x x x x x
POST   media.part_sent                   - x x x x x ~ 0 x x x x x x
POST   media.complete_upload             - x x x x x ~ 0 x x x x x x
DELETE media.cancel_upload               - x x x x x + 0 x x x x x x
GET    media.asset_json                  - x x x x x + 0 x x x x x x
POST   media.remove_asset                - x x x x x ~ 0 x x x x x x
POST   media.add_captions                - x x x x x + 0 x x x x x x
POST   media.remove_captions             - x x x x x 0 0 x x x x x x
GET    media.picture                     + + + + + + + + + + + + + +
GET    media.play                        x x + x x x x x x x x x x x
GET    media.handout                     x x 0 x x x x x x x x x x x

GET    policies.index                    + + + + + + + + + + + + + +
GET    policies.named                    + + + + + + + + + + + + + +
GET    policies.version                  + + + + + + + + + + + + + +
GET    policies_city.index               - x x x x x x x x x x x + x
GET    policies_city.new                 - x x x x x x x x x x x + x
POST   policies_city.create              - x x x x x x x x x x x ~ x
GET    policies_city.show                - x x x x x x x x x x x + x
GET    policies_city.edit                - x x x x x x x x x x x + x
POST   policies_city.change              - x x x x x x x x x x x ~ x
POST   policies_city.simulate            - x x x x x x x x x x x + x
POST   policies_city.submit              - x x x x x x x x x x x ~ x
POST   policies_city.take_back           - x x x x x x x x x x x ~ x
POST   policies_city.withdraw            - x x x x x x x x x x x ~ x
POST   policies_city.give_back           - x x x x x x x x x x x ~ x
POST   policies_city.approve             - x x x x x x x x x x x ~ x

GET    orders.index                      - + + + + + + + + + + + + +
POST   orders.create                     - + + + + + + + + + + + + +
GET    orders.show                       - 0 + 0 0 0 0 0 0 0 0 0 0 0
POST   orders.checkout                   - 0 + 0 0 0 0 0 0 0 0 0 0 0
POST   orders.cancel                     - 0 + 0 0 0 0 0 0 0 0 0 0 0
GET    orders_twin.page                  - + + + + + + + + + + + + +
POST   orders_twin.pay                   - + + + + + + + + + + + + +
POST   orders_twin_api.create            - - - - - - - - - - - - - -
POST   orders_webhook.receive            ~ ~ ~ ~ ~ ~ ~ ~ ~ ~ ~ ~ ~ ~

GET    enrolment.index                   - + + + + + + + + + + + + +
POST   enrolment.create                  - + + + + + + + + + + + + +
POST   enrolment_api.create              - ~ + + ~ ~ ~ ~ ~ ~ ~ ~ ~ ~
GET    enrolment_api.mine                - + + + + + + + + + + + + +

GET    watch.lesson                      - 0 + 0 0 0 0 0 0 0 0 0 0 0
POST   watch_api.open_playback           - 0 + 0 0 0 0 0 0 0 0 0 0 0
POST   watch_api.tell_beat               - 0 + 0 0 0 0 0 0 0 0 0 0 0
POST   watch_api.answer_prompt           - 0 0 0 0 0 0 0 0 0 0 0 0 0
GET    watch_api.show_prompt             - 0 + 0 0 0 0 0 0 0 0 0 0 0
POST   watch_photos.send_photo           - 0 ~ 0 0 0 0 0 0 0 0 0 0 0
DELETE watch_api.close_playback          - 0 + 0 0 0 0 0 0 0 0 0 0 0

GET    faces.index                       - + + + + + + + + + + + + +
POST   faces.give                        - ~ ~ ~ ~ ~ ~ ~ ~ ~ ~ ~ ~ ~
GET    faces.photo                       - 0 + 0 0 0 0 0 0 0 0 0 0 0
GET    faces.check_photo                 - 0 + 0 0 0 0 0 0 0 0 0 0 0
GET    faces.consent_text                + + + + + + + + + + + + + +
GET    faces_oversight.index             - x x x x x x x x x + 0 ~ x
GET    faces_oversight.photo             - x x x x x x x x x + 0 ~ x
POST   faces.withdraw                    - + + + + + + + + + + + + +

GET    ledger.index                      - + + + + + + + + + + + + +
GET    ledger.statement                  - + + + + + + + + + + + + +
GET    ledger.statement_file             - + + + + + + + + + + + + +
GET    ledger.evidence_file              - + + + + + + + + + + + + +
GET    ledger.accesses                   - + + + + + + + + + + + + +
GET    ledger_api.my_statement           - + + + + + + + + + + + + +
GET    ledger_api.my_evidence            - + + + + + + + + + + + + +
GET    ledger_api.learner_statement      - x x x x x x x x x + 0 + x
GET    ledger_api.learner_evidence       - x x x x x x x x x + 0 + x
GET    ledger_oversight.new              - x x x x x x x x x + 0 + x
POST   ledger_oversight.enter            - x x x x x x x x x + 0 + x
GET    ledger_oversight.withdraw_form    - x x x x x x x x x + 0 + x
POST   ledger_oversight.withdraw         - x x x x x x x x x + 0 + x

GET    requirements.index                - + + + + + + + + + + + + +
GET    requirements_staff.index          - x x x + + x x x x x x x x
GET    requirements_staff.person         - x x x + 0 x x x x x x x x
POST   requirements_staff.appoint        - x x x + 0 x x x x x x x x
POST   requirements_staff.end            - x x x + 0 x x x x x x x x
GET    requirements_staff.industry       - x x x + 0 x x x x x x x x
POST   requirements_staff.industry_now   - x x x ~ 0 x x x x x x x x
GET    requirements_oversight.index      - x x x x x x x x x + + + x
GET    requirements_oversight.show       - x x x x x x x x x + 0 + x
POST   requirements_oversight.enter      - x x x x x x x x x + 0 + x
GET    requirements_rules.index          + + + + + + + + + + + + + +
GET    requirements_rules.new            - x x x x x x x x x x x + x
POST   requirements_rules.supersede      - x x x x x x x x x x x + x

GET    classes.index                     - x x x x x + + x x x x x x
GET    classes.new                       - x x x x x + + x x x x x x
POST   classes.create                    - x x x x x + ~ x x x x x x
GET    classes.show                      - x x x x x + 0 x x x x x x
POST   classes.add_session               - x x x x x + 0 x x x x x x
POST   classes.remove_session            - x x x x x + 0 x x x x x x
POST   classes.add_learners              - x x x x x + 0 x x x x x x
POST   classes.mark                      - x x x x x + 0 x x x x x x
POST   classes.add_files                 - x x x x x ~ 0 x x x x x x
GET    classes.evidence_file             - x x x x x + 0 x x x x x x
POST   classes.close                     - x x x x x ~ 0 x x x x x x
GET    classes_review.index              - x x x x x x x x x + + + x
GET    classes_review.show               - x x x x x x x x x + 0 + x
POST   classes_review.decide             - x x x x x x x x x + 0 + x
GET    classes_review.evidence_file      - x x x x x x x x x + 0 + x

GET    claims.index                      - + + + + + + + + + + + + +
GET    claims.new                        - + + + + + + + + + + + + +
POST   claims.create                     - + + + + + + + + + + + + +
GET    claims.show                       - 0 + 0 0 0 0 0 0 0 0 0 0 0
GET    claims.evidence_file              - 0 + 0 0 0 0 0 0 0 0 0 0 0
GET    claims_review.index               - x x x x x x x x x + + + x
GET    claims_review.show                - x x x x x x x x x + 0 + x
POST   claims_review.decide              - x x x x x x x x x + 0 + x
GET    claims_review.evidence_file       - x x x x x x x x x + 0 + x
GET    appeals.index                     - + + + + + + + + + + + + +
GET    appeals.new                       - 0 + 0 0 0 0 0 0 0 0 0 0 0
POST   appeals.create                    - 0 ~ 0 0 0 0 0 0 0 0 0 0 0
GET    appeals.show                      - 0 + 0 0 0 0 0 0 0 0 0 0 0
GET    appeals.evidence_file             - 0 + 0 0 0 0 0 0 0 0 0 0 0
GET    appeals_review.index              - x x x x x x x x x + + + x
GET    appeals_review.show               - x x x x x x x x x + 0 + x
POST   appeals_review.acknowledge        - x x x x x x x x x + 0 + x
POST   appeals_review.refuse             - x x x x x x x x x + 0 + x
GET    appeals_review.evidence_file      - x x x x x x x x x + 0 + x
GET    appeals_calendar.index            - x x x x x x x x x + + + x
POST   appeals_calendar.enter            - x x x x x x x x x + + + x
GET    corrections.index                 - x x x x x x x x x + + + x
GET    corrections.new                   - x x x x x x x x x + 0 + x
POST   corrections.propose               - x x x x x x x x x + 0 + x
GET    corrections.new_for_appeal        - x x x x x x x x x + 0 + x
POST   corrections.propose_for_appeal    - x x x x x x x x x + 0 + x
GET    corrections.show                  - x x x x x x x x x + 0 + x
POST   corrections.decide                - x x x x x x x x x x x + x
GET    ledger.notices                    - + + + + + + + + + + + + +
POST   ledger.notices_read               - + + + + + + + + + + + + +

GET    ratings.show                      - 0 + 0 0 0 0 0 0 0 0 0 0 0
POST   ratings.rate                      - 0 ~ 0 0 0 0 0 0 0 0 0 0 0
GET    ratings_studio.index              - x x x x x + + x x x x x x
POST   ratings_studio.reply              - x x x x x + 0 x x x x x x
GET    ratings_oversight.index           - x x x x x x x x x + + + x
POST   ratings_oversight.moderate        - x x x x x x x x x + 0 + x

GET    oversight.index                   - x x x x x x x x x + + + x
POST   oversight.search                  - x x x x x x x x x + + + x
GET    oversight.results                 - x x x x x x x x x + 0 0 x
GET    oversight_record.learner          - x x x x x x x x x + 0 + x
POST   oversight_record.open_record      - x x x x x x x x x + 0 + x
GET    oversight_record.playback         - x x x x x x x x x + 0 ~ x
GET    oversight_record.statement_file   - x x x x x x x x x + 0 ~ x
GET    oversight_record.evidence_file    - x x x x x x x x x + 0 ~ x

GET    signals_oversight.index           - x x x x x x x x x + + + x
GET    signals_oversight.show            - x x x x x x x x x + 0 + x
POST   signals_oversight.open_signal     - x x x x x x x x x + 0 + x
POST   signals_oversight.answer          - x x x x x x x x x + 0 ~ x
GET    signals_studio.index              - x x x x x + + x x x x x x
GET    signals_studio.show               - x x x x x + 0 x x x x x x
GET    log.index                         + + + + + + + + + + + + + +
GET    log.checkpoint                    + + + + + + + + + + + + + +
GET    log.tile                          0 0 0 0 0 0 0 0 0 0 0 0 0 0
GET    log.entries                       0 0 0 0 0 0 0 0 0 0 0 0 0 0
GET    log.proof                         - 0 0 0 0 0 0 0 0 0 0 0 0 0
POST   log.cosign                        ~ ~ ~ ~ ~ ~ ~ ~ ~ ~ ~ ~ ~ ~

GET    certificates.index                - + + + + + + + + + + + + +
POST   certificates.issue                - ~ + ~ ~ ~ ~ ~ ~ ~ ~ ~ ~ ~
GET    certificates.pdf                  - 0 + 0 0 0 0 0 0 0 0 0 0 0
GET    certificates.proof                - 0 + 0 0 0 0 0 0 0 0 0 0 0
GET    certificates_oversight.index      - x x x x x x x x x + 0 ~ x
GET    certificates_oversight.revoke_form - x x x x x x x x x + 0 + x
POST   certificates_oversight.revoke     - x x x x x x x x x + 0 + x
GET    reversals.index                   - x x x x x x x x x + + + x
GET    reversals.show                    - x x x x x x x x x + 0 + x
POST   reversals.keep                    - x x x x x x x x x + 0 + x
GET    verify.index                      + + + + + + + + + + + + + +
POST   verify.check                      ~ ~ ~ ~ ~ ~ ~ ~ ~ ~ ~ ~ ~ ~
GET    verify.offline                    + + + + + + + + + + + + + +
GET    verify.worker                     + + + + + + + + + + + + + +
GET    verify.status                     + + + + + + + + + + + + + +

GET    files.index                       - + + + + + + + + + + + + +
GET    files.personal_file               - + + + + + + + + + + + + +
GET    files_public.keys                 + + + + + + + + + + + + + +
GET    files_studio.class_run            - x x x x x + 0 x x x x x x
GET    files_oversight.personal_file     - x x x x x x x x x + 0 ~ x
GET    files_oversight.class_run         - x x x x x x x x x + 0 + x
GET    deletion.index                    - + + + + + + + + + + + + +
POST   deletion.ask                      - ~ ~ ~ ~ ~ ~ ~ ~ ~ ~ ~ ~ ~
POST   deletion.withdraw                 - 0 0 0 0 0 0 0 0 0 0 0 0 0

GET    console.index                     - x x x x x x x x x x x x +
"""

# Which row of the world an address is made of: by parameter, and otherwise for one route.
PARAMETERS = {
    "course_id": "course",
    "organisation_id": "institution",
    "person_id": "instructor",
    "enrolment_id": "enrolment",
    "lesson_id": "lesson",
    "subject_key": "subject",
    "playback_id": "open_playback",
    "requirement_id": "requirement",
    "appointment_id": "appointment",
    "rule_id": "rule",
    "order_id": "order",
    "rating_id": "rating",
    "version_id": "policy",
    "draft_id": "rule_draft",
    "label": "policy_label",
    "sign_in_id": "sign_in",
    "membership_id": "membership",
    "line_id": "roster_line",
    "assignment_id": "assignment",
    "call_id": "call",
    "answer_id": "call_answer",
    "import_id": "roster_import",
    "invitation_id": "invitation",
    "search_id": "search",
    "signal_id": "signal",
    "run_id": "class_open",
    "claim_id": "claim",
    "appeal_id": "appeal",
    "correction_id": "correction",
    "entry_id": "entry",
    "session_id": "class_session",
    "file_id": "class_file",
    "asset_id": "asset",
    "prompt_id": "prompt",
    "certificate_id": "certificate",
    "reversal_id": "reversal",
    "sealed": "sealed",
    "token": "token",
}
DRAFT = {"course_id": "hidden_draft", "lesson_id": "hidden_lesson"}
SEATS_ORDER = {"order_id": "seats_order"}
UPLOAD = {"asset_id": "upload"}
APPEALED = {"playback_id": "appealed_playback", "reason": "appealed_reason", "from_ms_": "appealed_from_ms"}
OTHERWISE: dict[str, dict[str, str]] = {
    "catalogue.course_preview": {"lesson_id": "preview"},
    "catalogue.studio_course": DRAFT,
    "catalogue.studio_facts": DRAFT,
    "catalogue.studio_lesson": DRAFT,
    "catalogue.studio_lesson_add": DRAFT,
    "catalogue.studio_lesson_move": DRAFT,
    "catalogue.studio_lesson_remove": DRAFT,
    "catalogue.studio_question_add": DRAFT,
    "catalogue.studio_question_remove": DRAFT,
    "catalogue.studio_handout_add": DRAFT,
    "catalogue.studio_handout_remove": DRAFT,
    "catalogue.studio_submit": DRAFT,
    "catalogue.studio_take_back": {"course_id": "waiting"},
    "catalogue.review_course": {"course_id": "waiting"},
    "media.show_upload": UPLOAD,
    "media.put_part": UPLOAD,
    "media.address_part": UPLOAD,
    "media.part_sent": UPLOAD,
    "media.complete_upload": UPLOAD,
    "media.cancel_upload": UPLOAD,
    "ratings.show": {"enrolment_id": "rated"},
    "ratings.rate": {"enrolment_id": "rated"},
    "oversight_record.playback": {"playback_id": "playback"},
    "faces.check_photo": {"prompt_id": "photographed"},
    "faces_oversight.photo": {"prompt_id": "photographed"},
    "requirements_staff.industry": {"organisation_id": "works"},
    "requirements_staff.industry_now": {"organisation_id": "works"},
    "requirements_oversight.show": {"organisation_id": "works"},
    "requirements_oversight.enter": {"organisation_id": "works"},
    "classes.evidence_file": {"run_id": "class_closed"},
    "claims.evidence_file": {"file_id": "claim_file"},
    "claims_review.evidence_file": {"file_id": "claim_file"},
    "appeals.new": APPEALED,
    "appeals.create": APPEALED,
    "classes_review.show": {"run_id": "class_closed"},
    "files_oversight.class_run": {"run_id": "class_closed"},
    "orders_enterprise.show": SEATS_ORDER,
    "orders_enterprise.checkout": SEATS_ORDER,
    "orders_enterprise.cancel": SEATS_ORDER,
    "classes_review.decide": {"run_id": "class_closed"},
    "classes_review.evidence_file": {"run_id": "class_closed"},
}
# Parameters that name no row.
PLAIN = {
    "home.set_locale": {"code": "en"},
    "home.set_theme": {"code": "dark"},
    "log.tile": {"level": "0", "place": "000"},
    "log.entries": {"place": "000"},
    "log.proof": {"entry_id": "none"},
    "static": {"filename": "favicon.svg"},
    "media.play": {"name": "master.m3u8"},
    "media.picture": {"name": "small.webp"},
    "media.put_part": {"number": "1"},
    "media.address_part": {"number": "1"},
    "media.part_sent": {"number": "1"},
    "catalogue.studio_question_remove": {"place": "0"},
    "media.remove_captions": {"language": "en"},
}
REASON = "双随机抽查：核对学时。"
PART_HASH = "84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882"  # of 0123456789
# What is sent, by route: as `flask.testing` takes it; `{word}` is a row of the world.
SENT: dict[str, dict[str, Any]] = {
    "policies_city.simulate": {"data": {"first_on": "2026-05-01", "last_on": "2026-05-20"}},
    "people_api.create_token": {"json": {"account": "13900000009", "password": "wrong password"}},
    "people.language": {"data": {"locale": "en"}},
    "people.place_now": {"data": {"belongs": "district", "district": "CZ-WJ"}},
    "people.register_step": {"data": {"step": "consent", "agree": "y", "consent_version": "2026-11"}},
    "enrolment.create": {"data": {"course_id": "{course}"}},
    "orders.create": {"data": {"course_id": "{priced}"}},
    "media.begin_upload": {"json": {"kind": "video", "file_name": "a.mp4", "size_bytes": 10}},
    "media.put_part": {"data": b"0123456789", "headers": {"X-Part-SHA256": PART_HASH}},
    "media.address_part": {"json": {"sha256": PART_HASH}},
    "media.part_sent": {"json": {"sha256": PART_HASH}},
    "media.add_captions": {"data": {"language": "en"}, "files": {"file": b"WEBVTT\n\n00:01.000 --> 00:02.000\nx\n"}},
    "catalogue.studio_lesson_add": {"data": {"title": "新的一讲"}},
    "certificates.issue": {"data": {"kind": "statement"}},
    "certificates_oversight.revoke": {"data": {"reason": REASON}},
    "reversals.keep": {"data": {"reason": REASON}},
    "ledger_api.learner_statement": {"headers": {"X-Reason": "Sampling inspection"}},
    "ledger_api.learner_evidence": {"headers": {"X-Reason": "Sampling inspection"}},
    "ledger_oversight.enter": {
        "data": {
            "title": "安全生产管理人员再培训",
            "hours": "12",
            "kind": "any",
            "first_on": "2026-01-01",
            "last_on": "2026-12-31",
            "policy": "{policy_label}",
            "reason": REASON,
        }
    },
    "ledger_oversight.withdraw": {"data": {"reason": REASON}},
    "requirements_staff.appoint": {"data": {"trainee": "team_leader", "post": "班组长", "from_on": "2026-05-01"}},
    "requirements_staff.industry_now": {"data": {"industry": "MACH", "from_on": "2026-06-01"}},
    "requirements_oversight.enter": {"data": {"industry": "MACH", "from_on": "2026-06-01"}},
    "requirements_rules.supersede": {
        "data": {"hours": "40", "from_on": "2027-01-01", "source": "示例〔3〕号", "mark": "sourced"}
    },
    "classes.create": {
        "data": {
            "organisation_id": "{organisation}",
            "title": "灭火器实操",
            "place": "训练场",
            "syllabus": "灭火器的选用",
            "instructors": "{instructor}",
        }
    },
    "classes.add_session": {
        "data": {
            "on": "2026-05-20",
            "starts": "09:00",
            "ends": "10:30",
            "hours": "2",
            "kind": "practical",
            "subject": "灭火器实操",
        }
    },
    "classes.add_learners": {"data": {"lines": "320400198503120112 陆思远"}},
    "claims.create": {
        "data": {
            "from_where": "别的平台",
            "title": "职业健康",
            "taken_on": "2026-05-01",
            "hours": "2",
            "minutes": "45",
            "kind": "online",
        },
        "files": {"file": b"%PDF-1.7 certificate"},
    },
    "claims_review.decide": {"data": {"verdict": "accept", "factor": "1", "note": "证书核对无误。"}},
    "appeals.create": {"data": {"words": "再说一次。"}},
    "appeals_review.refuse": {"data": {"text": "重复观看不计。"}},
    "appeals_calendar.enter": {"data": {"on": "2026-10-01", "kind": "closed", "name": "放假"}},
    "corrections.propose": {"data": {"kind": "void", "reason_code": "system_fault", "note": "日志核对不符。"}},
    "corrections.propose_for_appeal": {
        "data": {"kind": "adjust", "hours": "1/90", "reason_code": "appeal_upheld", "note": "日志证实。"}
    },
    "corrections.decide": {"data": {"verdict": "approve", "note": "属实。"}},
    "classes_review.decide": {"data": {"verdict": "accept", "note": "签到与照片一致。"}},
    "ratings.rate": {
        "data": {
            "kind": "institution",
            "target": "{institution}",
            "institution-{institution}-score": "4",
        }
    },
    "ratings_studio.reply": {"data": {"reply": "谢谢，已改进。"}},
    "ratings_oversight.moderate": {"data": {"action": "hide", "reason": REASON}},
    "oversight.search": {"data": {"by": "name", "words": "陆思远", "reason": REASON}},
    "oversight_record.open_record": {"data": {"reason": REASON}},
    "signals_oversight.open_signal": {"data": {"reason": REASON}},
    "signals_oversight.answer": {"data": {"to": "explained", "note": "培训教室的公用电脑。"}},
    "watch_api.open_playback": {"json": {"device": "phone"}},
    "watch_api.tell_beat": {"json": {"seq": 1, "spans": [], "state": "playing"}},
    "catalogue.keep": {"data": {"list": "next", "action": "keep"}},
    "catalogue.studio_question_add": {"data": {"text": "何时进入？", "choices": "检测合格后\n随时"}},
    "watch_api.answer_prompt": {"json": {"prompt": "nothing", "answer": "1"}},
}
# Pages that whoever has their sealed address may see, as at the provider whose part they play.
BY_ADDRESS = frozenset({"orders_twin.page"})
# What must never be seen but by these letters, in whatever answer.
SECRETS = {
    "320400198503120112": "",  # a document number in clear
    "13800000001": "",  # an account's name in clear
    "陆思远": "M",  # a name in clear: the employer's manager alone
    "{subject}": "LWC",  # by which the ledger knows the learner
    "{order}": "L",
    "受限草稿：只有本机构可见": "S",
    "$argon2id": "",
}
