"""A loopback IMAP server: folders of mail, and what was asked of it."""

import re
import socket
import threading


class ImapPeer:
    """`folders` maps a name to {uid: mail}; `capabilities` may lack MOVE; `refuse` names a command it says no to."""

    def __init__(self, *, capabilities="IMAP4rev1 MOVE UIDPLUS"):
        self.folders = {"INBOX": {}}
        self.capabilities = capabilities
        self.commands = []
        self.logins = 0
        self.refuse = ""
        self.hang_up_at = ""
        self._deleted = set()
        self._next = 1
        self._sockets = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def deliver(self, *mails):
        for mail in mails:
            self.folders["INBOX"][self._next] = mail
            self._next += 1

    def close(self):
        for one in (self._listener, *self._sockets):
            one.close()

    def _accept(self):
        while True:
            try:
                link, _ = self._listener.accept()
            except OSError:
                return
            self._sockets.append(link)
            threading.Thread(target=self._serve, args=(link,), daemon=True).start()

    def _serve(self, link):
        self._folder = "INBOX"
        with link, link.makefile("rwb") as lines:
            lines.write(b"* OK ready\r\n")
            lines.flush()
            for line in lines:
                tag, _, command = line.decode().strip().partition(" ")
                self.commands.append(command)
                if self.hang_up_at and self.hang_up_at in command:
                    link.shutdown(socket.SHUT_RDWR)
                    return
                said, data = self._answer(command)
                lines.write(data + f"{tag} {said}\r\n".encode())
                lines.flush()

    def _answer(self, command):
        if self.refuse and self.refuse in command:
            return "NO not for ada@example.org", b""
        words = command.split()
        name = "_".join(words[: 2 if words[0] == "UID" else 1]).lower()
        return getattr(self, f"_{name}", self._fine)(command)

    def _fine(self, command):
        return "OK done", b""

    def _capability(self, command):
        return "OK done", f"* CAPABILITY {self.capabilities}\r\n".encode()

    def _login(self, command):
        self.logins += 1
        return "OK done", b""

    def _select(self, command):
        self._folder = command.split('"')[1]
        if self._folder not in self.folders:
            return "NO no such folder", b""
        return "OK done", f"* {len(self.folders[self._folder])} EXISTS\r\n".encode()

    def _create(self, command):
        self.folders[command.split('"')[1]] = {}
        return "OK done", b""

    def _uid_search(self, command):
        return "OK done", ("* SEARCH " + " ".join(map(str, self.folders[self._folder])) + "\r\n").encode()

    def _uid_fetch(self, command):
        uid = int(command.split()[2])
        raw = self.folders[self._folder][uid][: int(re.search(r"<0\.(\d+)>", command)[1])]
        head = f"* 1 FETCH (UID {uid} BODY[]<0> {{{len(raw)}}}\r\n".encode()
        return "OK done", head + raw + b")\r\n"

    def _uid_move(self, command):
        said = self._uid_copy(command)
        for uid in self._uids(command) if said[0].startswith("OK") else ():
            del self.folders[self._folder][uid]
        return said

    def _uid_copy(self, command):
        folder = command.split('"')[1]
        if folder not in self.folders:
            return "NO [TRYCREATE] none", b""
        self.folders[folder] |= {uid: self.folders[self._folder][uid] for uid in self._uids(command)}
        return "OK done", b""

    def _uid_store(self, command):
        self._deleted |= set(self._uids(command))
        return "OK done", b""

    def _expunge(self, command):
        for uid in self._deleted & self.folders[self._folder].keys():
            del self.folders[self._folder][uid]
        return "OK done", b""

    _uid_expunge = _expunge

    @staticmethod
    def _uids(command):
        return [int(uid) for uid in command.split()[2].split(",")]
