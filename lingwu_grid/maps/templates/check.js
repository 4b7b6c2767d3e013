// Findings as a list and as dots: choose a kind, search, press one to see its place.
(function () {
  var map = {{ this.values['map'] }};
  var rows = {{ this.values['rows'] }};
  var colours = { error: '#c62828', warning: '#ef6c00', notice: '#546e7a' };
  var words = { error: '错误', warning: '警告', notice: '提示' };
  var most = 300;
  var list = document.getElementById('list');
  var find = document.getElementById('find');
  var kinds = document.querySelectorAll('[data-kind]');
  var dots = L.layerGroup().addTo(map);
  var chosen = '';
  function line(className, text) {
    var part = document.createElement('div');
    part.className = className;
    part.textContent = text;
    return part;
  }
  function label(row) {
    var box = document.createElement('div');
    box.appendChild(line('', words[row[0]] + '：' + row[4]));
    box.appendChild(line('', row[3]));
    if (row[5]) { box.appendChild(line('remedy', '处理办法：' + row[5])); }
    return box;
  }
  function goTo(row, dot) {
    map.setView([row[7], row[6]], Math.max(map.getZoom(), 17));
    dot.openPopup();
  }
  function add(row) {
    var item = document.createElement('li');
    item.appendChild(label(row));
    if (row[6] !== null) {
      var dot = L.circleMarker([row[7], row[6]], {
        radius: 6, color: '#fff', weight: 1.5, fillColor: colours[row[0]], fillOpacity: 0.95,
      }).bindPopup(label(row)).addTo(dots);
      item.className = 'placed';
      item.tabIndex = 0;
      item.addEventListener('click', function () { goTo(row, dot); });
      item.addEventListener('keydown', function (event) {
        if (event.key === 'Enter') { goTo(row, dot); }
      });
    }
    list.appendChild(item);
  }
  function show() {
    var word = find.value.trim().toLowerCase();
    var hits = rows.filter(function (row) {
      var kind = row[0] + '/' + row[1] + '/' + row[2];
      return (!chosen || kind === chosen) &&
        (!word || (row[3] + ' ' + row[4] + ' ' + row[1]).toLowerCase().indexOf(word) >= 0);
    });
    list.textContent = '';
    dots.clearLayers();
    hits.slice(0, most).forEach(add);
    if (hits.length > most) { list.appendChild(line('', '另有 ' + (hits.length - most) + ' 条，见 findings.csv')); }
  }
  kinds.forEach(function (button) {
    button.addEventListener('click', function () {
      chosen = button.getAttribute('data-kind');
      kinds.forEach(function (other) { other.setAttribute('aria-pressed', String(other === button)); });
      show();
    });
  });
  find.addEventListener('input', show);
  L.control.scale({ imperial: false, position: 'bottomright' }).addTo(map);
  show();
  window.lingwuMap = map;
})();
