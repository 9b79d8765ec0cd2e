"""Safety around a policy: masks, shields. What no reward can buy off."""
