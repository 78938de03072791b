"""A SITE WITHOUT HARDWARE: virtual ONVIF/RTSP cameras over a rendered scene with ground truth."""
