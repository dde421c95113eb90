"""A print house's SFTP server on the loopback, by paramiko, faults included; its folder is a real one."""

import contextlib
import json
import os
import socket
import struct
import threading
from pathlib import Path

import paramiko

from tests.peers.fault import Fault

USER, PASSWORD = "tidings", "secret"
REFUSALS = {
    Fault.THROTTLE: paramiko.SFTP_FAILURE,
    Fault.FAILED: paramiko.SFTP_FAILURE,
    Fault.UNAVAILABLE: paramiko.SFTP_FAILURE,
    Fault.BAD_ADDRESS: paramiko.SFTP_PERMISSION_DENIED,
}


class SftpPeer:
    """`requests` are the renames that make a batch; faults happen to them."""

    extensions = True
    """Whether it knows OpenSSH's posix-rename."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.requests = []
        self.fault = Fault.NONE
        self.broken = ""
        """Uploads of this file fail."""
        self.closing = threading.Event()
        self.host_key = paramiko.RSAKey.generate(2048)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self._transports = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def will(self, fault):
        self.fault = fault

    @property
    def public_key(self):
        return f"{self.host_key.get_name()} {self.host_key.get_base64()}"

    @property
    def references(self):
        return [path.parent.name for path in self.folder.glob("[!.]*/manifest.json")]

    def manifests(self):
        return [json.loads(path.read_bytes()) for path in sorted(self.folder.glob("[!.]*/manifest.json"))]

    def close(self):
        self.closing.set()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for transport in self._transports:
            transport.close()

    def _serve(self):
        while not self.closing.is_set():
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            transport = paramiko.Transport(_Drip(connection, self))
            transport.add_server_key(self.host_key)
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, _Folder, self, connection)
            self._transports.append(transport)
            with contextlib.suppress(Exception):
                transport.start_server(server=_Door(self))


class _Drip:
    """A socket that sends a byte at a time once the peer is slow."""

    def __init__(self, connection, peer):
        self._connection, self._peer = connection, peer

    def send(self, data):
        if self._peer.fault is Fault.SLOW and self._peer.requests:
            self._peer.closing.wait(0.05)
            data = data[:1]
        return self._connection.send(data)

    def __getattr__(self, name):
        return getattr(self._connection, name)


class _Door(paramiko.ServerInterface):
    def __init__(self, peer):
        self._peer = peer

    def get_allowed_auths(self, username):
        return "password"

    def check_auth_password(self, username, password):
        good = (username, password) == (USER, PASSWORD) and self._peer.fault is not Fault.BAD_CREDENTIALS
        return paramiko.AUTH_SUCCESSFUL if good else paramiko.AUTH_FAILED

    def check_channel_request(self, kind, chanid):
        return paramiko.OPEN_SUCCEEDED


class _Folder(paramiko.SFTPServerInterface):
    def __init__(self, server, peer, connection):
        super().__init__(server)
        self._peer, self._connection = peer, connection

    def _at(self, path):
        return self._peer.folder / self.canonicalize(path).lstrip("/")

    def _do(self, work):
        try:
            found = work()
            return found if isinstance(found, paramiko.SFTPAttributes) else paramiko.SFTP_OK
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)

    def stat(self, path):
        return self._do(lambda: paramiko.SFTPAttributes.from_stat(self._at(path).stat()))

    lstat = stat

    def list_folder(self, path):
        try:
            return [
                paramiko.SFTPAttributes.from_stat(one.stat(), one.name) for one in self._at(path).iterdir()
            ]
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)

    def mkdir(self, path, attr):
        return self._do(lambda: self._at(path).mkdir())

    def rmdir(self, path):
        return self._do(lambda: self._at(path).rmdir())

    def remove(self, path):
        return self._do(lambda: self._at(path).unlink())

    def open(self, path, flags, attr):
        if self._peer.broken and path.endswith(self._peer.broken):
            return paramiko.SFTP_FAILURE
        handle = paramiko.SFTPHandle(flags)
        if not flags & (os.O_WRONLY | os.O_RDWR):
            return self._reading(handle, path)
        try:
            handle.writefile = os.fdopen(os.open(self._at(path), flags | os.O_CREAT, 0o644), "wb")
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)
        handle.filename = str(self._at(path))
        handle.stat = lambda: paramiko.SFTPAttributes.from_stat(self._at(path).stat())
        return handle

    def _reading(self, handle, path):
        try:
            handle.readfile = self._at(path).open("rb")
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)
        handle.stat = lambda: paramiko.SFTPAttributes.from_stat(self._at(path).stat())
        return handle

    def rename(self, oldpath, newpath):
        return self._renamed(oldpath, newpath)

    def posix_rename(self, oldpath, newpath):
        if not self._peer.extensions:
            return paramiko.SFTP_OP_UNSUPPORTED
        return self._renamed(oldpath, newpath)

    def _renamed(self, oldpath, newpath):
        peer = self._peer
        fault = peer.fault
        if fault in REFUSALS:
            peer.requests.append(newpath)
            return REFUSALS[fault]
        answer = self._do(lambda: self._at(oldpath).rename(self._at(newpath)))
        peer.requests.append(newpath)
        if fault is Fault.RESET:
            self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if fault in {Fault.DROP, Fault.RESET}:
            with contextlib.suppress(OSError):
                self._connection.shutdown(socket.SHUT_RDWR)
            self._connection.close()
        if fault is Fault.SILENT:
            peer.closing.wait(30)
        return answer
