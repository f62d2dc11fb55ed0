// Marks the tab whose panel is shown.
document.addEventListener("htmx:beforeRequest", (event) => {
  const tab = event.target.closest && event.target.closest("#panels .nav-link");
  if (!tab) return;
  document.querySelectorAll("#panels .nav-link").forEach((other) => {
    other.classList.toggle("active", other === tab);
    if (other === tab) other.setAttribute("aria-current", "true");
    else other.removeAttribute("aria-current");
  });
});
