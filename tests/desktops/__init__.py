"""The flows on other desktops than Xfce, run by `packaging/dev test --desktops`; a plain run of pytest leaves them."""
