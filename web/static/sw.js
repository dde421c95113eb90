// Shows a message that was pushed to this device, and opens its link, or the customer's form, when it is tapped. It keeps nothing.
"use strict";

self.addEventListener("push", (event) => {
  const told = event.data ? event.data.json() : {};
  event.waitUntil(
    self.registration.showNotification(told.title || "", {
      body: told.body || "",
      tag: told.tag,
      data: { link: told.link, preferences: told.preferences },
      actions: told.preferences ? [{ action: "preferences", title: told.choose }] : [],
    })
  );
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const data = event.notification.data || {};
  const link = event.action === "preferences" ? data.preferences : data.link;
  if (link && /^https?:/.test(link)) {
    event.waitUntil(self.clients.openWindow(link));
  }
});
