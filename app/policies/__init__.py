"""The rules for online hours: in force for everybody to read, made by two of the city's officers."""

from flask import Flask

from app import jobs
from app.policies import city, public, simulating
from courses.policies import simulations


def install(app: Flask) -> None:
    """Register the pages of both audiences, and the job that simulates drafts."""
    app.register_blueprint(public.bp)
    app.register_blueprint(city.bp)
    jobs.register(app, "policies", simulating.run, simulations.due)
