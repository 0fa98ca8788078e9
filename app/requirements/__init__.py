"""Required hours: what a worker still needs, who of an enterprise is short, and the rules with their marks."""

from flask import Flask

from app import jobs
from app.requirements import enterprise, learner, looking, named, oversight, rules


def install(app: Flask) -> None:
    """Register the pages of each audience, and the job that opens what posts make owed."""
    for audience in (learner, enterprise, oversight, rules):
        app.register_blueprint(audience.bp)
    app.jinja_env.globals.update(requirement_title=named.title, code_label=named.code)
    jobs.register(app, looking.JOB, looking.look, looking.due)
