// A jump to a new view fires zoomend, at which Leaflet projects every corner, and then viewreset,
// at which it would project them all again, to the same end: there they are drawn, and no more.
(function () {
  'use strict';
  var reset = L.Canvas.prototype._reset, ended = L.Canvas.prototype._onZoomEnd;
  L.Canvas.include({
    _onZoomEnd: function () {
      ended.call(this);
      this._ended = [this._map.getZoom(), this._map.getPixelOrigin()];
    },
    _reset: function () {
      var at = this._ended;
      this._ended = null;
      if (at && at[0] === this._map.getZoom() && at[1].equals(this._map.getPixelOrigin())) {
        this._postponeUpdatePaths = false;
        this._updatePaths();
      } else {
        reset.call(this);
      }
    }
  });
})();
