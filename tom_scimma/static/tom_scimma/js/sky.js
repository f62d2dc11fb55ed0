/* The interactive sky of an event's page: Aladin Lite over the layers that this TOM gives as GeoJSON.
 *
 * Nothing is loaded before somebody opens it. Aladin Lite comes from where the setting ALADIN_URL says; it is made
 * without a survey, so that nothing is asked of anybody else until a person turns one on. When it cannot be loaded the
 * page says so and is complete without it. docs/pictures.md has the format of the layers.
 */
(function () {
  "use strict";

  const COLOURS = ["#f5f7fa", "#56b4e9", "#ff9a4d", "#3fcf9f", "#f0e442", "#9aa3b2", "#e59fc6", "#ffd27f"];
  const SHAPES = ["plus", "cross", "rhomb", "square", "circle", "cross", "triangle", "plus"]; // not by colour alone
  const WHOLE_SKY = 360;
  const NAMED = 60; // more names would hide what they name
  const WIDE = 100; // degrees; wider views are drawn as the whole sky is
  const PAN = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

  /* Aladin Lite: a module's default export (npm), or what a script for pages leaves in the window (CDS). */
  async function library(address) {
    const module = await import(new URL(address, document.baseURI).href);
    const found = module.default || window.A;
    if (!found) throw new Error("it is not Aladin Lite");
    await found.init;
    return found;
  }

  async function json(address) {
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error("the TOM answered " + answer.status);
    return answer.json();
  }

  /* A link of a layer, if it leads to a page. */
  function page(url) {
    try {
      const address = new URL(url, document.baseURI);
      return /^https?:$/.test(address.protocol) ? address.href : null;
    } catch (error) {
      return null;
    }
  }

  function words(properties) {
    return properties.note ? properties.name + ": " + properties.note : properties.name;
  }

  /* The rings of a geometry, whatever its type. */
  function rings(geometry) {
    if (geometry.type === "LineString") return [geometry.coordinates];
    if (geometry.type === "MultiLineString" || geometry.type === "Polygon") return geometry.coordinates;
    if (geometry.type === "MultiPolygon") return geometry.coordinates.flat();
    return [];
  }

  class Sky {
    constructor(section) {
      this.section = section;
      this.opener = section.querySelector("[data-open]");
      this.body = section.querySelector("[data-body]");
      this.view = section.querySelector("[data-view]");
      this.status = section.querySelector("[data-said]");
      this.boxes = Array.from(section.querySelectorAll("[data-layer]"));
      this.layers = new Map();
      this.boxes.forEach((box, number) => {
        const swatch = box.parentElement.querySelector(".scimma-swatch");
        if (swatch) swatch.style.backgroundColor = COLOURS[number % COLOURS.length];
      });
      this.opener.addEventListener("click", () => this.toggle());
      section.hidden = false;
    }

    say(text, link) {
      this.status.textContent = text;
      const href = link && page(link);
      if (!href) return;
      const anchor = document.createElement("a");
      anchor.href = href;
      anchor.textContent = "open";
      this.status.append(" ", anchor);
    }

    toggle() {
      if (this.body.hidden && !this.aladin) return this.open();
      this.body.hidden = !this.body.hidden;
      this.opened();
      return null;
    }

    opened() {
      const open = !this.body.hidden;
      this.opener.setAttribute("aria-expanded", String(open));
      this.opener.textContent = open ? "Close the interactive sky" : "Open the interactive sky";
    }

    async open() {
      this.opener.disabled = true;
      this.say("Loading …");
      try {
        const [A, start] = await Promise.all([library(this.section.dataset.library), json(this.section.dataset.sky)]);
        this.body.hidden = false; // Aladin Lite measures the place it is given
        this.make(A, start);
        await Promise.all(this.boxes.filter((box) => box.checked).map((box) => this.show(box)));
        this.opened();
        this.say("Ready.");
      } catch (error) {
        this.body.hidden = true;
        const reason = error && error.message ? error.message : String(error);
        this.say("The interactive sky could not be loaded (" + reason + "). The picture and the tables say the same.");
      }
      this.opener.disabled = false;
    }

    make(A, start) {
      this.A = A;
      this.start = start;
      this.aladin = A.aladin(this.view, {
        survey: [], // none
        hipsList: [],
        log: false, // to CDS
        target: start.ra + " " + start.dec,
        fov: start.fov,
        projection: start.fov > WIDE ? "MOL" : "ZEA",
        cooFrame: "ICRSd",
        showCooGrid: true,
        gridColor: "#8a93a3",
        gridOpacity: 0.55,
        gridOptions: { thickness: 1, labelSize: 12 },
        backgroundColor: "#10141b",
        showReticle: false,
        showLayersControl: false,
        showProjectionControl: false,
        showSimbadPointerControl: false,
      });
      this.aladin.on("objectHovered", (thing) => this.tell(thing));
      this.aladin.on("footprintHovered", (thing) => this.tell(thing));
      this.aladin.on("objectClicked", (thing) => this.follow(thing));
      this.aladin.on("footprintClicked", (thing) => this.follow(thing));
      this.view.addEventListener("keydown", (event) => this.key(event));
      this.boxes.forEach((box) => box.addEventListener("change", () => this.switched(box)));
      this.section.querySelectorAll("[data-do]").forEach((button) =>
        button.addEventListener("click", () => this.act(button.dataset.do, button))
      );
      const survey = this.section.querySelector("[data-surveys]");
      if (survey) survey.addEventListener("change", () => this.survey(true));
    }

    async switched(box) {
      try {
        await this.show(box);
      } catch (error) {
        box.checked = false;
        this.say(box.dataset.label + " could not be loaded (" + error.message + ").");
      }
    }

    /* Turns a layer on or off, fetching it the first time. */
    async show(box) {
      const name = box.dataset.name;
      if (!this.layers.has(name)) {
        if (!box.checked) return;
        const collection = await json(box.dataset.layer);
        if (!this.layers.has(name)) this.layers.set(name, this.draw(box, collection.features));
        box.dataset.count = String(collection.features.length);
      }
      this.layers.get(name).forEach((part) => (box.checked ? part.show() : part.hide()));
      const count = Number(box.dataset.count);
      this.say(box.dataset.label + (box.checked ? " shown: " + count + (count === 1 ? " object." : " objects.") : " hidden."));
    }

    /* Features -> what Aladin Lite shows: a catalogue of points, an overlay of lines, regions. */
    draw(box, features) {
      const colour = COLOURS[this.boxes.indexOf(box) % COLOURS.length];
      const parts = [];
      const points = features.filter((feature) => feature.geometry && feature.geometry.type === "Point");
      if (points.length) {
        const shape = SHAPES[this.boxes.indexOf(box) % SHAPES.length];
        const catalog = this.A.catalog({
          name: box.dataset.label, color: colour, shape: shape, sourceSize: 14,
          displayLabel: points.length <= NAMED, labelColumn: "name", labelColor: colour, labelFont: "13px sans-serif",
        });
        this.aladin.addCatalog(catalog);
        catalog.addSources(
          points.map((feature) => this.A.source(...feature.geometry.coordinates, feature.properties))
        );
        parts.push(catalog);
      }
      const lines = features.filter((feature) => feature.geometry && rings(feature.geometry).length);
      [false, true].forEach((dashed) => {
        const some = lines.filter((feature) => Boolean(feature.properties.dashed) === dashed);
        if (some.length) parts.push(this.outlines(box, some, colour, dashed));
      });
      features.filter((feature) => feature.properties.moc).forEach((feature) => {
        const moc = this.A.MOCFromJSON(feature.properties.moc, {
          name: feature.properties.name, color: colour, fillColor: colour, fill: true, opacity: 0.25, lineWidth: 1,
        });
        this.aladin.addMOC(moc);
        parts.push(moc);
      });
      return parts;
    }

    outlines(box, lines, colour, dashed) {
      const overlay = this.A.graphicOverlay({
        name: box.dataset.label, color: colour, lineWidth: 2, lineDash: dashed ? [7, 5] : [],
      });
      this.aladin.addOverlay(overlay);
      lines.forEach((feature) =>
        rings(feature.geometry).forEach((ring) => {
          const shape = this.A.polyline(ring, { color: colour, lineWidth: 2 });
          shape.data = feature.properties;
          overlay.add(shape);
        })
      );
      return overlay;
    }

    tell(thing) {
      if (thing && thing.data && thing.data.name) this.say(words(thing.data), thing.data.url);
    }

    follow(thing) {
      const href = thing && thing.data && thing.data.url && page(thing.data.url);
      if (href) window.location.assign(href);
    }

    key(event) {
      if (event.altKey || event.ctrlKey || event.metaKey || event.target !== this.view) return;
      if (PAN[event.key]) this.pan(...PAN[event.key]);
      else if (event.key === "+" || event.key === "=") this.act("in");
      else if (event.key === "-") this.act("out");
      else if (event.key === "Home") this.act("region");
      else if (event.key === "End") this.act("whole");
      else return;
      event.preventDefault();
      event.stopPropagation();
    }

    pan(east, north) {
      const [ra, dec] = this.aladin.getRaDec();
      const step = Math.min(this.aladin.getFov()[0], 120) / 8;
      const there = Math.max(-90, Math.min(90, dec + north * step));
      const turn = (east * step) / Math.max(Math.cos((dec * Math.PI) / 180), 0.1);
      this.aladin.gotoRaDec((ra + turn + 360) % 360, there);
    }

    act(what, button) {
      if (what === "in") this.aladin.setFoV(Math.max(this.aladin.getFov()[0] / 1.6, 0.002));
      else if (what === "out") this.wide(Math.min(this.aladin.getFov()[0] * 1.6, WHOLE_SKY));
      else if (what === "whole") this.wide(WHOLE_SKY);
      else if (what === "region") {
        this.aladin.gotoRaDec(this.start.ra, this.start.dec);
        this.wide(this.start.fov);
      } else if (what === "survey") this.survey(button.getAttribute("aria-pressed") !== "true");
    }

    wide(fov) {
      this.aladin.setProjection(fov > WIDE ? "MOL" : "ZEA");
      this.aladin.setFoV(fov);
    }

    survey(on) {
      const button = this.section.querySelector("[data-do=survey]");
      const choice = this.section.querySelector("[data-surveys]");
      if (this.surveyed) this.aladin.removeImageLayer("survey");
      this.surveyed = on;
      if (on) this.aladin.setOverlayImageLayer(choice.value, "survey");
      choice.hidden = !on;
      button.setAttribute("aria-pressed", String(on));
      this.say(on ? "Survey images come from CDS, Strasbourg." : "Survey images off.");
    }
  }

  function start() {
    document.querySelectorAll("[data-scimma-sky]").forEach((section) => new Sky(section));
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
