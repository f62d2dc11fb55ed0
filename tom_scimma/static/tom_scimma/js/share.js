// The form of a draft comes anew when sinks, rows, or what the worker heard change. What a person entered since it was asked for is put back,
// with the cursor where it was, and said to the TOM like anything that is entered.
(function () {
  "use strict";

  const fields = "#share-form-body :is([name^='f.'], [name^='address.']):not([type=hidden])";
  let kept = [];

  const stands = (field) => (field.type === "checkbox" ? (field.checked ? field.value : "") : field.value);
  const lines = (value) => String(value).replace(/\r\n/g, "\n");

  document.addEventListener("htmx:beforeSwap", (event) => {
    const { target, requestConfig } = event.detail;
    if (target.id !== "share-form-body") return;
    kept = [];
    for (const field of document.querySelectorAll(fields)) {
      const said = [].concat(requestConfig.parameters[field.name] ?? "").pop();
      if (lines(stands(field)) === lines(said)) continue;
      const at = field === document.activeElement && "selectionStart" in field && field.type !== "checkbox";
      kept.push([field.name, stands(field), at ? [field.selectionStart, field.selectionEnd] : null]);
    }
  });

  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.id !== "share-form-body") return;
    for (const [name, value, at] of kept.splice(0)) {
      const field = document.querySelector(`#share-form-body [name="${CSS.escape(name)}"]:not([type=hidden])`);
      if (!field) continue;
      if (field.type === "checkbox") field.checked = Boolean(value);
      else field.value = value;
      if (at) field.setSelectionRange(...at);
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
  });
})();
