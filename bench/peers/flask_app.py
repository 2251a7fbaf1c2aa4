"""The tutorials' way with Flask: one route, a password in the source, twilio's own AccessToken."""
import os

from flask import Flask, jsonify, request
from twilio.jwt.access_token import AccessToken
from twilio.jwt.access_token.grants import VideoGrant

app = Flask(__name__)


@app.route('/token/video', methods=['POST'])
def token():
    login = request.authorization
    if login is None or login.username != 'susan' or login.password != 'secret123':
        return '', 401
    access = AccessToken(
        os.environ['TWILIO_ACCOUNT_SID'], os.environ['TWILIO_API_KEY_SID'], os.environ['TWILIO_API_KEY_SECRET'],
        identity=login.username)
    access.add_grant(VideoGrant(room=request.get_json()['room']))
    jwt = access.to_jwt()
    return jsonify(token=jwt.decode() if isinstance(jwt, bytes) else jwt)
