"""How SAM.gov's notices are read: the daily file's rows and the API's records. The demo's notices are made like the latter."""

from pipelines.discovery.notice_feed import NoticeFeed, statement

BULK_CSV = NoticeFeed(statement("normalize_csv.sql"), "notice_id", statement("normalize.sql"))
V2_JSON = NoticeFeed(
    statement("normalize_v2.sql"),
    "json_extract_string(text, '$.noticeId')",
    statement("normalize.sql"),
    needed=(
        "title", "solicitationNumber", "fullParentPathName", "postedDate", "type", "baseType", "archiveType", "archiveDate",
        "typeOfSetAside", "typeOfSetAsideDescription", "responseDeadLine", "naicsCode", "naicsCodes", "classificationCode",
        "active", "award", "pointOfContact", "description", "officeAddress", "placeOfPerformance", "uiLink", "resourceLinks",
    ),
)  # fmt: skip
