// The list of streets beside the overview narrows by a word.
(function () {
  window.lingwuMap = {{ this.values['map'] }};
  const box = document.getElementById("search");
  const rows = Array.from(document.querySelectorAll("#streets tbody tr"));
  box.addEventListener("input", function () {
    const word = box.value.trim();
    rows.forEach(function (row) {
      row.hidden = word !== "" && row.textContent.indexOf(word) < 0;
    });
  });
})();
