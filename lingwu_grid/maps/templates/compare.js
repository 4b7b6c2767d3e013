// The first plan left of the bar, the second right of it; each is clipped in its own pane.
(function () {
  var map = {{ this.values['map'] }};
  var at = document.getElementById('at');
  var bar = document.getElementById('bar');
  function wipe() {
    var size = map.getSize();
    var x = size.x * Number(at.value) / 100;
    var from = map.containerPointToLayerPoint([0, 0]);
    var to = map.containerPointToLayerPoint(size);
    function clip(pane, left, right) {
      map.getPane(pane).style.clip =
        'rect(' + [from.y + 'px', right + 'px', to.y + 'px', left + 'px'].join(',') + ')';
    }
    clip('first', from.x, from.x + x);
    clip('second', from.x + x, to.x);
    bar.style.left = x + 'px';
  }
  map.on('move zoom zoomend moveend resize viewreset', wipe);
  at.addEventListener('input', wipe);
  document.querySelectorAll('[data-at]').forEach(function (button) {
    button.addEventListener('click', function () { at.value = button.getAttribute('data-at'); wipe(); });
  });
  bar.addEventListener('pointerdown', function (event) { bar.setPointerCapture(event.pointerId); });
  bar.addEventListener('pointermove', function (event) {
    if (!bar.hasPointerCapture(event.pointerId)) { return; }
    at.value = 100 * event.clientX / map.getSize().x;
    wipe();
  });
  L.control.scale({ imperial: false, position: 'bottomright' }).addTo(map);
  wipe();
  window.lingwuMap = map;
})();
