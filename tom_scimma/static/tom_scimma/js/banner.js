// The banner comes with the navigation, which a phone keeps folded: it belongs above the page itself.
for (const banner of document.querySelectorAll("nav .scimma-everywhere")) {
  const main = document.querySelector("main");
  if (main) main.prepend(banner);
}
