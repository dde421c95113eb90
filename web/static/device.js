// The button "Notify me on this device": shown where the browser can do it, asks only when it is tapped.
"use strict";

(() => {
  const box = document.getElementById("device");
  if (!box || !("serviceWorker" in navigator) || !("PushManager" in window) || !("Notification" in window)) {
    return;
  }
  const button = box.querySelector("button");
  const said = box.querySelector("[role=status]");
  box.hidden = false;

  const bytes = (text) => {
    const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
  };

  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      if ((await Notification.requestPermission()) !== "granted") {
        said.textContent = box.dataset.denied;
        return;
      }
      const worker = await navigator.serviceWorker.register("/sw.js");
      await navigator.serviceWorker.ready;
      const options = { userVisibleOnly: true, applicationServerKey: bytes(box.dataset.key) };
      const subscription = await worker.pushManager.subscribe(options);
      const answer = await fetch(box.dataset.to, { method: "POST", body: JSON.stringify(subscription) });
      if (!answer.ok) {
        throw new Error(String(answer.status));
      }
      window.location.assign(box.dataset.done);
    } catch {
      said.textContent = box.dataset.failed;
    } finally {
      button.disabled = false;
    }
  });
})();
