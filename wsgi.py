"""What the web server loads."""

from app import create_app

app = create_app()
app.extensions["xueshi_warm"]()
