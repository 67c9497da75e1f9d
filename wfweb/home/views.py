"""Addresses that belong to no feature."""

from flask import Blueprint

bp = Blueprint("home", __name__)
