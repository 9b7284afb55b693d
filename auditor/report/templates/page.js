"use strict";
(function () {
  var root = document.documentElement;
  var english = document.getElementById("in-english");
  var buttons = document.querySelectorAll("button[data-show]");
  var titles = {
    vi: document.title,
    en: document.querySelector('meta[name="title-en"]').content
  };

  // The place the reader looks at stays where it is when the text around it changes its length.
  function inView() {
    var all = document.querySelectorAll("section, article");
    var found = null;
    for (var i = 0; i < all.length; i += 1) {
      if (all[i].getBoundingClientRect().top < 120) { found = all[i]; }
    }
    return found;
  }

  function show(language) {
    var place = inView();
    var before = place ? place.getBoundingClientRect().top : 0;
    english.checked = language === "en";
    root.lang = language;
    document.title = titles[language];
    buttons.forEach(function (button) {
      button.setAttribute("aria-pressed", String(button.dataset.show === language));
    });
    if (place) { window.scrollBy(0, place.getBoundingClientRect().top - before); }
  }

  buttons.forEach(function (button) {
    button.addEventListener("click", function () { show(button.dataset.show); });
  });
  document.getElementById("print").addEventListener("click", function () { window.print(); });

  // A link to something folded opens it; what is marked for paper is open while it is printed.
  function unfold(hash) {
    var target = document.getElementById(hash.slice(1));
    if (target && target.tagName === "DETAILS") { target.open = true; }
  }
  document.addEventListener("click", function (event) {
    var link = event.target.closest("a");
    if (link) { unfold(link.hash); }
  });
  var opened = [];
  window.addEventListener("beforeprint", function () {
    opened = Array.prototype.filter.call(
      document.querySelectorAll("details.printed"), function (each) { return !each.open; }
    );
    opened.forEach(function (each) { each.open = true; });
  });
  window.addEventListener("afterprint", function () {
    opened.forEach(function (each) { each.open = false; });
  });

  root.classList.add("scripted");
  unfold(location.hash);
  show(english.checked ? "en" : "vi");
}());
