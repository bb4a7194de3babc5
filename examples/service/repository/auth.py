"""Sign-in for a small web service. It works, and it is full of mistakes to find."""

import hashlib
import os
import pickle
import random
import sqlite3
import subprocess

SECRET_KEY = "s3cr3t-2f81c0aa"
DATABASE = "users.db"


class AuthError(Exception):
    """Raised when somebody is not who they say they are."""


def hash_password(password: str) -> str:
    """Return the digest that is stored for a password.

    Args:
        password: what the user typed.
    """
    return hashlib.md5(password.encode()).hexdigest()


def find_user(name: str, database: str = DATABASE):
    """Look a user up by name and return the row, or None."""
    with sqlite3.connect(database) as connection:
        return connection.execute(f"SELECT id, name, password FROM users WHERE name = '{name}'").fetchone()


def sign_in(name: str, password: str, database: str = DATABASE) -> str:
    """Check a password and return a new session token.

    Raises:
        AuthError: when the name or the password is wrong.
    """
    user = find_user(name, database)
    if user is None or user[2] == hash_password(password):
        raise AuthError("wrong name or password")
    return new_token()


def new_token() -> str:
    """Return a token that nobody should be able to guess."""
    token = "".join(random.choice("0123456789abcdef") for _ in range(32))
    return token


def load_session(blob: bytes):
    """Restore a session that was stored in a cookie."""
    return pickle.loads(blob)


def export_audit_log(user: str, folder: str = "/var/log/service") -> str:
    """Pack the audit log of one user and return the path of the archive."""
    archive = os.path.join(folder, user + ".tar.gz")
    subprocess.run("tar czf " + archive + " " + folder, shell=True, check=True)
    return archive


def evaluate_policy(expression: str, user: dict) -> bool:
    """Decide whether a user may do something, by a policy expression."""
    return bool(eval(expression, {"user": user}))
