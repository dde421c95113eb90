// Shows a message that was pushed to this device, and opens its link when it is tapped. It keeps nothing.
"use strict";

self.addEventListener("push", (event) => {
  const told = event.data ? event.data.json() : {};
  event.waitUntil(
    self.registration.showNotification(told.title || "", {
      body: told.body || "",
      tag: told.tag,
      data: { link: told.link },
    })
  );
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const link = event.notification.data && event.notification.data.link;
  if (link && /^https?:/.test(link)) {
    event.waitUntil(self.clients.openWindow(link));
  }
});
