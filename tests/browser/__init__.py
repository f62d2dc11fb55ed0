"""The pages as people see them: Debian's Chromium by Playwright, front-end parts from npm, nothing from outside."""
