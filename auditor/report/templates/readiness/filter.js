(function () {
  var find = document.getElementById("find");
  var choices = document.querySelectorAll('.filter input[name="state"]');
  var shown = document.getElementById("shown");
  var items = [];

  // Search goes by plain letters: "mang" finds "mạng", "dat" finds "đạt".
  function plain(text) {
    return text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/[đĐ]/g, "d").toLowerCase();
  }

  document.querySelectorAll("article.item").forEach(function (article) {
    items.push({ article: article, state: article.dataset.state, text: plain(article.textContent) });
  });

  function filter() {
    var words = plain(find.value).split(/\s+/);
    var states = [];
    var count = 0;
    choices.forEach(function (choice) { if (choice.checked) { states.push(choice.value); } });
    items.forEach(function (item) {
      var keep = (!states.length || states.indexOf(item.state) >= 0) &&
        words.every(function (word) { return item.text.indexOf(word) >= 0; });
      item.article.hidden = !keep;
      if (keep) { count += 1; }
    });
    document.querySelectorAll("section.group").forEach(function (group) {
      group.hidden = !group.querySelector("article:not([hidden])");
    });
    shown.textContent = String(count);
  }

  function clear() {
    find.value = "";
    choices.forEach(function (choice) { choice.checked = false; });
    filter();
  }

  // A link to an item that the filter hides shows everything again before it goes there.
  function reveal() {
    var place = document.getElementById(location.hash.slice(1));
    if (place && place.closest("[hidden]")) { clear(); place.scrollIntoView(); }
  }

  find.addEventListener("input", filter);
  choices.forEach(function (choice) { choice.addEventListener("change", filter); });
  document.getElementById("all-items").addEventListener("click", clear);
  window.addEventListener("hashchange", reveal);
  filter();
}());
