// The query box: djangoql's completion, Enter to send, and the cursor at the fault. Without it the box is a plain form.
(function () {
  "use strict";

  function begin() {
    document.querySelectorAll("[data-shown]").forEach(function (part) { part.hidden = false; });
    document.querySelectorAll("textarea[data-names]").forEach(function (box) {
      if (window.DjangoQL) {
        new window.DjangoQL({
          introspections: box.dataset.names,
          selector: box,
          onSubmit: function () { box.form.requestSubmit(); },
        });
        box.dataset.completes = "yes";
      }
      if (box.dataset.at !== undefined) {
        box.focus();
        box.setSelectionRange(Number(box.dataset.at), Number(box.dataset.end));
      }
    });
  }

  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", begin);
  } else {
    begin();
  }
})();
